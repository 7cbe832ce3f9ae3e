"""What a live object is, from that object alone: kstatus's rules, with our deviations. Pure."""
