/** Deviations from a request that are not errors: data in the shape of the AI SDK's warnings. */
export type Warning =
  | { readonly type: "unsupported"; readonly feature: string; readonly details?: string }
  | { readonly type: "other"; readonly message: string };

export const other = (message: string): Warning => ({ type: "other", message });

/** Adds a warning that may arise for several items, and is told once. */
export function warnOnce(warnings: Warning[], warning: Warning): void {
  if (!warnings.some((known) => JSON.stringify(known) === JSON.stringify(warning))) warnings.push(warning);
}
