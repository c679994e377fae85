"""What stands around every page: its frame, the web server's start, the way back to a lesson."""
