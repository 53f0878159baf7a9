export function show(root) { root.textContent = "portfolio"; }
