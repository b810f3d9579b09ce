"""What follows a build: how articles changed, who quoted what is gone, and what saved questions find in what is new."""
