"""The shell of all pages: the frame, the web server's start-up, the link back to a lesson."""
