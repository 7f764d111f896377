
"use strict";
const form = document.querySelector("form");
const status_line = document.getElementById("status");
const base = location.pathname.replace(/[^/]+\/?$/, "");
const token = new URLSearchParams(location.hash.slice(1)).get("token");

function say(text, kind) {
  status_line.textContent = text;
  status_line.className = kind;
}

function reason(answer, status) {
  if (status === 429) return "Too many attempts. Wait a while, then try again.";
  const said = answer && (answer.detail || (answer.error && answer.error.message));
  return said || "That did not work (" + status + "). Try again in a moment.";
}

async function call(path, body, bearer) {
  const headers = { "Content-Type": "application/json" };
  if (bearer) headers.Authorization = "Bearer " + bearer;
  const sent = { method: "POST", headers, body: JSON.stringify(body), credentials: "omit" };
  const reply = await fetch(base + path, sent);
  const answer = await reply.json().catch(() => null);
  if (!reply.ok) throw new Error(reason(answer, reply.status));
  return answer;
}

const actions = {
  async verify() {
    const done = await call("api/auth/verify-email", { token });
    return done.email + " is verified. You can close this page.";
  },
  async reset(fields) {
    if (fields.password !== fields.again) throw new Error("The two passwords are not the same.");
    await call("api/auth/password-reset/confirm", { token, password: fields.password });
    return "Your new password holds. You were signed out everywhere; sign in with it.";
  },
  async accept(fields) {
    const credentials = { email: fields.email, password: fields.password };
    const session = await call("api/auth/login", credentials);
    const end = () => call("api/auth/logout", {}, session.access_token).catch(() => null);
    await call("v1/invitations/accept", { token }, session.access_token).finally(end);
    return "You are a member of the workspace now. You can close this page.";
  },
};

async function submit(event) {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  say("One moment …", "");
  try {
    const done = await actions[form.dataset.action](Object.fromEntries(new FormData(form)));
    form.hidden = true;
    say(done, "good");
    history.replaceState(null, "", location.pathname);
  } catch (error) {
    say(error instanceof TypeError ? "The server cannot be reached." : error.message, "bad");
    button.disabled = false;
  }
}

if (token) {
  form.hidden = false;
  form.addEventListener("submit", submit);
} else {
  say("This link is not complete. Open it from the mail once more, or copy all of it.", "bad");
}
addEventListener("hashchange", () => location.reload());
