/** The machine does other work meanwhile: a wait ends early when its condition holds. */
export const PATIENCE = { deadlineMs: 120_000, everyMs: 100 }
