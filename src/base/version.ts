/** The version of this package: written here, as a bundle has no package.json beside it. scripts/write-version.mjs keeps them alike. */
export const VERSION = "0.1.0";
