"""A greeting, served by Flask."""

import os

from flask import Flask, render_template_string

app = Flask(__name__)

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>It runs</title>
<style>
  :root { color-scheme: light dark; font: 1.1rem/1.6 system-ui, sans-serif }
  body { display: grid; min-height: 100vh; place-content: center; text-align: center; margin: 0 }
  h1 { font-size: 2.6rem; margin: 0 }
</style>
<h1>{{ greeting }}</h1><p>Served by Flask on Orbitra.</p></html>"""


@app.get("/")
def home() -> str:
    print("greeting a visitor")
    greeting = os.environ.get("GREETING", "Hello from Python")
    return render_template_string(PAGE, greeting=greeting)


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}
