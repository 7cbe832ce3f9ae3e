"""What this repository alone could not rebuild, told before anybody touches a cluster. Pure."""
