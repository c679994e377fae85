"""The Lessons page: predict, try, see, explain."""
