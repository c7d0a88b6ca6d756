"""What this machine reaches, part by part, each beside the limit that it is measured against."""
