/** What the workers of poolifier run. */
import { ThreadWorker } from 'poolifier';

export default new ThreadWorker(() => {});
