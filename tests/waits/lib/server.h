/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A FUSE server that withholds answers. It serves directories na, nb, oa and ob, each with
 * files f, g and h; names are cached for ever, attributes of files and data not at all.
 */
#ifndef WAITS_SERVER_H
#define WAITS_SERVER_H

#include "task.h"

#define FUSE_OP(op)	(1ULL << FUSE_##op)

/* Whether the kernel has FUSE; else why not is printed. */
bool server_possible(void);

/* A new server, whose files are at this mount point. A task of task.h: tasks_done() ends it. */
void server_start(const char *at);

/* The first request of these operations, for this file or directory, stays without an answer. */
void server_hold(uint64_t ops, const char *path);

/* Within PATIENCE: there is one. */
bool server_holds(void);

/* It is answered now. */
void server_release(void);

/* No request is read from here on; and all of them are. */
void server_stall(void);
void server_resume(void);

/* It dies, with what it holds. */
void server_end(void);

#endif /* WAITS_SERVER_H */
