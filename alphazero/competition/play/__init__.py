"""Games of a competition: sides, referee, schedule, and the runner that plays several at once."""
