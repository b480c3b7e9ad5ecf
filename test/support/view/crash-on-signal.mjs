/** Loaded before the program: SIGUSR2 throws where nothing catches it, or rejects what nobody awaits. */
import process from 'node:process';

const { SDCTL_TEST_CRASH } = process.env;
delete process.env.SDCTL_TEST_CRASH;

process.on('SIGUSR2', () => {
  const error = new TypeError('planted defect \x1b[31m of the test');
  if (SDCTL_TEST_CRASH === 'rejected') void Promise.reject(error);
  else
    setTimeout(() => {
      throw error;
    });
});
