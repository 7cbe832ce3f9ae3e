"""One file for each rule: a function from a declared object to its problems. Rules do not know each other."""
