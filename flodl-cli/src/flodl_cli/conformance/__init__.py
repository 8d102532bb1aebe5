"""What `flodl check` looks at: a distribution as others will meet it, installed or still a folder of sources."""
