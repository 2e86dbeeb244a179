// uploads shows how far a file has got, then puts the server's answer in place.
export function uploads(root, restart) {
  for (const form of root.querySelectorAll("form[data-upload]")) {
    form.addEventListener("submit", (event) => {
      if (event.defaultPrevented || ![...form.querySelectorAll("input[type=file]")].some((i) => i.files.length)) return;
      event.preventDefault();
      const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
      bar.setAttribute("aria-label", "Envoi du fichier");
      form.append(bar);
      const body = new FormData(form, event.submitter);
      const request = new XMLHttpRequest();
      request.upload.onprogress = (e) => (bar.value = e.loaded / e.total);
      request.onerror = () => bar.remove() || form.submit();
      request.onload = () => {
        const answer = new DOMParser().parseFromString(request.responseText, "text/html");
        history.replaceState(null, "", request.responseURL);
        document.title = answer.title;
        document.body.replaceWith(document.adoptNode(answer.body));
        restart(document);
        const target = document.querySelector(".error-summary, main");
        target?.focus();
      };
      request.open("POST", event.submitter?.getAttribute("formaction") || form.action);
      request.send(body);
    });
  }
}
