const express = require("express");

const greeting = process.env.GREETING || "Hello from Node";
const app = express();

const page = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>It runs</title>
<style>
  :root { color-scheme: light dark; font: 1.1rem/1.6 system-ui, sans-serif }
  body { display: grid; min-height: 100vh; place-content: center; text-align: center; margin: 0 }
  h1 { font-size: 2.6rem; margin: 0 }
</style>
<h1>%s</h1><p>Served by Express on Orbitra.</p></html>`;

const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const escaped = greeting.replace(/[&<>]/g, (letter) => escapes[letter]);

app.get("/", (request, response) => {
  console.log("greeting a visitor");
  response.send(page.replace("%s", () => escaped));
});
app.get("/health", (request, response) => response.json({ status: "ok" }));

app.listen(process.env.PORT || 3000, () => console.log("listening"));
process.on("SIGTERM", () => process.exit(0));
