"""Files of a run: its folder, candidates, promoted and refused networks, and the names of all files."""
