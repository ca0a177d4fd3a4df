"""Programs that a test runs in a process with its site's settings: `site.run(program, …)`.

Arguments and results travel as JSON.
"""
