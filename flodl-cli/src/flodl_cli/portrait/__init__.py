"""What `flodl show` tells of one component: what is known of it, and how that looks on a terminal."""
