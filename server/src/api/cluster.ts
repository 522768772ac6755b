/** Where things run, in the words clients expect: this installation is its own single region and cluster. */
export const REGION = 'local'
export const CLUSTER = { id: 'local', name: 'This host' }

/** Northflank's path-like id of a resource. */
export const appIdOf = (projectId: string, id: string): string => `/default/${projectId}/${id}`
