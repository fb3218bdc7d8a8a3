"""How software is made: repositories, commits, pull requests, developers, and what is measured of them."""
