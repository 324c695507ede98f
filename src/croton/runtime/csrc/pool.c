/* The thread pool behind ct_context.parallel. Nothing here knows of Python, and nothing needs the GIL.
 *
 * One caller owns the pool at a time; others, and parallel loops inside parallel loops, run their range
 * serially in the same pieces, so results never depend on who got the pool. Workers spin briefly after a
 * job, so a run of short parallel regions costs a microsecond or two each, and then sleep.
 *
 * A worker takes part in a job by raising `active` and then looking at `open`; the caller ends a job by
 * clearing `open` and then waiting for `active` to become zero. Both orders are sequentially consistent,
 * so a late worker either is waited for or sees a closed job.
 */
#include "core.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SPIN_NANOSECONDS 40000
#define MOST_THREADS 1024

typedef struct {
    ct_range_body body;
    void *const *pointers;
    const ct_int *integers;
    ct_int extent, grain;
    unsigned control; /* how the caller wants floating-point numbers handled, workers follow */
} Job;

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t work, finished;
    _Atomic(int) busy;            /* somebody owns the pool */
    _Atomic(unsigned) generation; /* jobs published so far */
    _Atomic(int) open, active, sleeping, caller_sleeps, stopping;
    _Atomic(ct_int) next; /* begin of the next piece */
    Job job;
    pthread_t *workers;
    int worker_count;    /* running */
    _Atomic(int) wanted; /* threads that take part, the caller included */
    int spins;           /* whether there is a core for every thread */
} pool = {.mutex = PTHREAD_MUTEX_INITIALIZER,
          .work = PTHREAD_COND_INITIALIZER,
          .finished = PTHREAD_COND_INITIALIZER};

static _Thread_local int inside_parallel;

static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static unsigned floating_control(void)
{
#ifdef __SSE__
    return __builtin_ia32_stmxcsr();
#else
    return 0;
#endif
}

static void set_floating_control(unsigned control)
{
#ifdef __SSE__
    __builtin_ia32_ldmxcsr(control);
#else
    (void)control;
#endif
}

static ct_int nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (ct_int)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- doing pieces ---- */

static void run_serially(const Job *job)
{
    for (ct_int begin = 0; begin < job->extent; begin += job->grain) {
        ct_int end = job->extent - begin < job->grain ? job->extent : begin + job->grain;
        job->body(job->pointers, job->integers, begin, end);
    }
}

static void run_pieces(void)
{
    const Job job = pool.job;
    set_floating_control(job.control);
    for (;;) {
        ct_int begin = atomic_fetch_add_explicit(&pool.next, job.grain, memory_order_relaxed);
        if (begin >= job.extent) {
            return;
        }
        ct_int end = job.extent - begin < job.grain ? job.extent : begin + job.grain;
        job.body(job.pointers, job.integers, begin, end);
    }
}

/* ---- workers ---- */

/* Return when a job after `seen` was published or the pool stops. */
static void wait_for_work(unsigned seen)
{
    if (pool.spins) {
        ct_int limit = nanoseconds() + SPIN_NANOSECONDS;
        do {
            for (int i = 0; i < 50; i++) {
                if (atomic_load(&pool.generation) != seen) {
                    return;
                }
                relax();
            }
        } while (nanoseconds() < limit);
    }
    pthread_mutex_lock(&pool.mutex);
    atomic_fetch_add(&pool.sleeping, 1);
    while (atomic_load(&pool.generation) == seen) {
        pthread_cond_wait(&pool.work, &pool.mutex);
    }
    atomic_fetch_sub(&pool.sleeping, 1);
    pthread_mutex_unlock(&pool.mutex);
}

static void leave_job(void)
{
    if (atomic_fetch_sub(&pool.active, 1) == 1 && atomic_load(&pool.caller_sleeps)) {
        pthread_mutex_lock(&pool.mutex);
        pthread_cond_signal(&pool.finished);
        pthread_mutex_unlock(&pool.mutex);
    }
}

static void *work(void *first_seen)
{
    unsigned seen = (unsigned)(size_t)first_seen;
    inside_parallel = 1;
    while (!atomic_load(&pool.stopping)) {
        wait_for_work(seen);
        seen = atomic_load(&pool.generation);
        atomic_fetch_add(&pool.active, 1);
        if (atomic_load(&pool.open)) {
            run_pieces();
        }
        leave_job();
    }
    return NULL;
}

/* Start workers; fewer, or none, when the system refuses. The caller owns the pool. */
static void start_workers(void)
{
    int count = pool.wanted - 1;
    pool.workers = calloc((size_t)count, sizeof(pthread_t));
    if (pool.workers == NULL) {
        pool.wanted = 1;
        return;
    }
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for Python's threads */
    unsigned seen = atomic_load(&pool.generation);
    pool.spins = pool.wanted <= pool_usable_cores(); /* before there is a worker to read it */
    for (pool.worker_count = 0; pool.worker_count < count; pool.worker_count++) {
        if (pthread_create(&pool.workers[pool.worker_count], NULL, work, (void *)(size_t)seen) != 0) {
            pool.wanted = pool.worker_count + 1;
            break;
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void wake_workers(ct_int at_most)
{
    if (atomic_load(&pool.sleeping) == 0) {
        return;
    }
    pthread_mutex_lock(&pool.mutex);
    if (at_most >= pool.worker_count) {
        pthread_cond_broadcast(&pool.work);
    } else {
        for (ct_int i = 0; i < at_most; i++) {
            pthread_cond_signal(&pool.work);
        }
    }
    pthread_mutex_unlock(&pool.mutex);
}

/* The caller owns the pool and no job is open. */
static void stop_workers(void)
{
    atomic_store(&pool.stopping, 1);
    atomic_fetch_add(&pool.generation, 1);
    wake_workers(MOST_THREADS);
    for (int w = 0; w < pool.worker_count; w++) {
        pthread_join(pool.workers[w], NULL);
    }
    free(pool.workers);
    pool.workers = NULL;
    pool.worker_count = 0;
    atomic_store(&pool.stopping, 0);
}

/* ---- callers ---- */

/* Wait until no worker is in the closed job, looking for Ctrl-C now and then. */
static void wait_for_workers(ct_context *context)
{
    ct_int limit = nanoseconds() + SPIN_NANOSECONDS;
    while (atomic_load(&pool.active) != 0) {
        relax();
        if (nanoseconds() < limit) {
            continue;
        }
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 50 * 1000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        pthread_mutex_lock(&pool.mutex);
        atomic_store(&pool.caller_sleeps, 1);
        if (atomic_load(&pool.active) != 0) {
            pthread_cond_timedwait(&pool.finished, &pool.mutex, &until);
        }
        atomic_store(&pool.caller_sleeps, 0);
        pthread_mutex_unlock(&pool.mutex);
        callback_interrupted(context);
    }
}

static void run_on_pool(ct_context *context, const Job *job, ct_int pieces)
{
    pool.job = *job;
    atomic_store(&pool.next, 0);
    atomic_store(&pool.open, 1);
    atomic_fetch_add(&pool.generation, 1);
    wake_workers(pieces - 1);
    inside_parallel = 1;
    run_pieces();
    inside_parallel = 0;
    atomic_store(&pool.open, 0);
    wait_for_workers(context);
}

void pool_run(ct_context *context, ct_range_body body, void *const *pointers, const ct_int *integers,
              ct_int extent, ct_int grain)
{
    if (grain <= 0) {
        grain = extent;
    }
    const Job job = {body, pointers, integers, extent, grain, floating_control()};
    if (extent <= grain || pool.wanted <= 1 || inside_parallel || atomic_exchange(&pool.busy, 1)) {
        run_serially(&job);
        return;
    }
    if (pool.worker_count == 0) {
        start_workers();
    }
    if (pool.worker_count == 0) {
        run_serially(&job);
    } else {
        run_on_pool(context, &job, (extent - 1) / grain + 1);
    }
    atomic_store(&pool.busy, 0);
}

int pool_threads(void)
{
    return pool.wanted;
}

int pool_set_threads(int threads)
{
    if (inside_parallel) {
        return -1;
    }
    while (atomic_exchange(&pool.busy, 1)) {
        sched_yield();
    }
    if (pool.worker_count > 0) {
        stop_workers();
    }
    pool.wanted = threads > MOST_THREADS ? MOST_THREADS : threads;
    atomic_store(&pool.busy, 0);
    return 0;
}

/* ---- the machine ---- */

/* Cores that the control group grants, or a large number. */
static int granted_cores(void)
{
    long long quota, period;
    int cores = MOST_THREADS;
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "r");
    if (file != NULL) {
        if (fscanf(file, "%lld %lld", &quota, &period) == 2 && quota > 0 && period > 0) {
            cores = (int)((quota + period - 1) / period);
        }
        fclose(file);
    }
    return cores;
}

int pool_usable_cores(void)
{
    static int cores;
    if (cores > 0) {
        return cores;
    }
    long found = sysconf(_SC_NPROCESSORS_ONLN);
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) == 0) {
        found = CPU_COUNT(&set);
    }
#endif
    int granted = granted_cores();
    cores = found < 1 ? 1 : found > MOST_THREADS ? MOST_THREADS : (int)found;
    cores = granted < cores ? granted : cores;
    return cores;
}

void pool_after_fork(void)
{
    /* The workers stayed in the parent. Their handles mean nothing here. */
    pthread_mutex_init(&pool.mutex, NULL);
    pthread_cond_init(&pool.work, NULL);
    pthread_cond_init(&pool.finished, NULL);
    pool.workers = NULL;
    pool.worker_count = 0;
    atomic_store(&pool.busy, 0);
    atomic_store(&pool.open, 0);
    atomic_store(&pool.active, 0);
    atomic_store(&pool.sleeping, 0);
    atomic_store(&pool.caller_sleeps, 0);
    atomic_store(&pool.stopping, 0);
    inside_parallel = 0;
}

int pool_prepare(int threads)
{
    pool.wanted = threads > 0 ? threads : pool_usable_cores();
    return 0;
}
