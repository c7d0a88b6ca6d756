"""Results of a competition: records, the folder that keeps them, statistics and reports."""
