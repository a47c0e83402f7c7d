"""The web pages of the studio, and the HTTP routes and middleware around them. Access is checked by the service, not here."""
