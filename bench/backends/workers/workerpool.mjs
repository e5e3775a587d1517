/** What the workers of workerpool run. */
import workerpool from 'workerpool';
import * as functions from './functions.mjs';

workerpool.worker({ ...functions });
