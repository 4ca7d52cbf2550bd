/** Text in HTML, SVG and XML. */

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text that came from outside, escaped. */
export const html = (text: string): string => text.replace(/[&<>"]/g, (c) => ENTITIES[c]!);
