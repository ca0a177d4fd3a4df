"""Programs that a test runs in a process with the settings of its site: `site.run(program, …)`.

Arguments and results travel as JSON.
"""
