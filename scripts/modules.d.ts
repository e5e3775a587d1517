/** Modules without types of their own. */
declare module 'node-api-headers' {
  export const include_dir: string;
}
