"""Text to objects, with all problems of all files collected. The only room that knows YAML."""
