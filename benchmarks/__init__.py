"""Claims of speed, each as a command that runs the peer beside us."""
