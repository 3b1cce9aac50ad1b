"""The frame of the portal: settings, addresses, home page, styles and scripts."""
