"""Value objects of insights: addresses of repositories, who somebody is in git, and the words for states."""
