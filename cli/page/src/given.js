// What the server, or the file, gave the page: see cli/page/document.py.
export const given = JSON.parse(document.getElementById("given").textContent);
