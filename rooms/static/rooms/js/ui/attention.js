// @ts-check
/** Whether somebody is looking at this window. */
export const attentive = () => document.visibilityState === "visible" && document.hasFocus();
