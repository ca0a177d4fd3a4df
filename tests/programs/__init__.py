"""Programs that tests run in a process with a site's settings: `site.run(programs.….function)`."""
