"""The only room with threads: performs the engine's commands and turns what happens into facts."""
