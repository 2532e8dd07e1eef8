"""Learning the flow from clips of many people; here alone torch is needed."""
