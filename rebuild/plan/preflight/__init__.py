"""What stands in the way of a plan, in the declarations themselves and on the target, told before the first write."""
