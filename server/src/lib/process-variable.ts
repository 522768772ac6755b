/** The variable by which an instance is told which process type of its artifact it is, such as `web` or `job`. */
export const PROCESS_VARIABLE = 'FAIRWAY_PROCESS'
