"""Live connections: taken over from the web server's threads and served by three threads a process, however many there are."""
