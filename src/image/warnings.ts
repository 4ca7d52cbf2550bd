/** What went otherwise than asked, without being an error: data in the shape of the AI SDK's warnings. */
export type ImageWarning =
  | { readonly type: "unsupported"; readonly feature: string; readonly details?: string }
  | { readonly type: "other"; readonly message: string };

export const other = (message: string): ImageWarning => ({ type: "other", message });
