// Sends the chosen files of a form straight to the bucket, then submits the form with their tokens.
"use strict";

(() => {
  const TOKEN_SUFFIX = "-upload-token";

  // The template decides where the parts are; a paragraph around the field, as in as_p, ends before them.
  const partOf = (input, part) => document.getElementById(`${input.id || input.name}_upload_${part}`);

  const partsOf = (input) => ({
    token: input.form.elements[input.name + TOKEN_SUFFIX],
    progress: partOf(input, "progress"),
    status: partOf(input, "status"),
    error: partOf(input, "error"),
  });

  const waiting = (form) =>
    [...form.elements].filter((each) => each.dataset.uploadUrl && each.files.length && !each.disabled);

  const describedBy = (input) => (input.getAttribute("aria-describedby") || "").split(" ").filter(Boolean);

  const showError = (input, text) => {
    const { error } = partsOf(input);
    error.textContent = text;
    error.hidden = text === "";
    const others = describedBy(input).filter((id) => id !== error.id);
    const ids = text === "" ? others : [...others, error.id];
    if (ids.length) input.setAttribute("aria-describedby", ids.join(" "));
    else input.removeAttribute("aria-describedby");
    if (text === "") input.removeAttribute("aria-invalid");
    else input.setAttribute("aria-invalid", "true");
  };

  // The reason of a view is a text; that of the library's answers to outages and throttled requests is in an object.
  const refusal = (input, error, seconds) => {
    const reason = (typeof error === "string" ? error : error?.message) || input.dataset.uploadRefused;
    if (!/^\d+$/.test(seconds || "") || reason.includes(`${seconds} s`)) return reason;
    return `${reason} ${input.dataset.uploadWait.replace("%(seconds)s", seconds)}`;
  };

  // The permission of the application: where to send the file, and with which fields.
  const permission = async (input, file) => {
    const body = new FormData();
    body.append("ticket", input.dataset.uploadTicket);
    body.append("name", file.name);
    body.append("size", String(file.size));
    body.append("type", file.type || "application/octet-stream");
    const csrf = input.form.elements.csrfmiddlewaretoken;
    if (csrf) body.append("csrfmiddlewaretoken", csrf.value);
    const headers = { Accept: "application/json" };
    const response = await fetch(input.dataset.uploadUrl, { method: "POST", headers, body });
    // A page instead of JSON, such as a proxy's, is a refusal too.
    const answer = await response.json().catch(() => ({}));
    if (response.ok && answer.url) return answer;
    throw new Error(refusal(input, answer.error, response.headers.get("Retry-After")));
  };

  const send = (input, file, granted, onProgress) =>
    new Promise((resolve, reject) => {
      const body = new FormData();
      for (const [name, value] of Object.entries(granted.fields)) body.append(name, value);
      // S3 ignores every field after the file.
      body.append("file", file);
      const request = new XMLHttpRequest();
      request.open("POST", granted.url);
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) onProgress((100 * event.loaded) / event.total);
      });
      request.addEventListener("load", () => {
        // S3's reason is for developers, who find it in the browser's tools.
        if (request.status < 300) resolve();
        else reject(new Error(input.dataset.uploadRefused));
      });
      request.addEventListener("error", () => reject(new TypeError()));
      request.addEventListener("abort", () => reject(new TypeError()));
      request.send(body);
    });

  const upload = async (input) => {
    const { token, progress, status } = partsOf(input);
    showError(input, "");
    token.value = "";
    status.textContent = input.dataset.uploadRunning;
    progress.value = 0;
    progress.hidden = false;
    try {
      const file = input.files[0];
      const granted = await permission(input, file);
      await send(input, file, granted, (percent) => {
        progress.value = percent;
      });
      token.value = granted.token;
    } finally {
      status.textContent = "";
      progress.hidden = true;
    }
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.dataset.uploading) {
      event.preventDefault();
      return;
    }
    const inputs = event.defaultPrevented ? [] : waiting(form);
    if (!inputs.length) return;
    event.preventDefault();
    form.dataset.uploading = "true";
    for (const input of inputs) {
      try {
        await upload(input);
      } catch (error) {
        // Network errors, and answers that are not JSON, have no text for users.
        showError(input, error.constructor === Error ? error.message : input.dataset.uploadFailed);
        delete form.dataset.uploading;
        input.focus();
        return;
      }
    }
    delete form.dataset.uploading;
    // The form has the tokens, so that it need not contain the files.
    for (const input of inputs) input.disabled = true;
    form.requestSubmit(event.submitter);
  });

  // The browser may show the page as it was left when the user goes back.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const input of document.querySelectorAll("input[data-upload-url]:disabled")) {
      input.disabled = false;
      partsOf(input).token.value = "";
    }
  });
})();
