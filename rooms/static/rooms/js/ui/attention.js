// @ts-check
/** Whether the user is looking at this window. */
export const attentive = () => document.visibilityState === "visible" && document.hasFocus();
