/** What the workers of workerpool run. */
import workerpool from 'workerpool';

workerpool.worker({ noop() {} });
