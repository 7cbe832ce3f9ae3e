"""Which object waits for which, why, and until when. Pure; the only room that knows networkx."""
