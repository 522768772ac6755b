/** This installation is one team; its id appears in paths and answers because clients expect one. */
export const TEAM_ID = 'default'
