// SPDX-License-Identifier: GPL-2.0-only
/*
 * Injection points, for "make POINTS=1" alone.
 *
 * /sys/kernel/debug/fuse_bpf/points lists the names.  Into .../control a test writes
 *
 *	arm NAME [PID [SKIP]]	the next task that comes there waits: any, or a thread of
 *				PID; the first SKIP times it goes on
 *	release NAME [PID]	those that wait there go on
 *	disarm NAME [PID]	the same, and those that have not come yet will not wait
 *
 * and reads a line for each arm: NAME PID SKIP, then "armed", "released", or
 * "waiting" and which thread.  arm refuses a name that no place has, and release one
 * where no task waits, with ENOENT.  Each arm holds one task, once.
 *
 * A task that waits can be killed, and goes on by itself after FUSE_BPF_POINT_LIMIT:
 * its test has died.  It holds whatever the operation holds, and no lock of this file.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include "fuse_bpf_i.h"

static_assert(IS_ENABLED(CONFIG_DEBUG_FS), "POINTS=1 needs a kernel with CONFIG_DEBUG_FS");

#define FUSE_BPF_POINT_LIMIT	(30 * HZ)

/* Beyond that a test arms and forgets. */
#define FUSE_BPF_POINTS_ARMED	64

/* Where the linker put the table: points.lds. */
extern struct fuse_bpf_point fuse_bpf_points_begin[], fuse_bpf_points_end[];

/* One task to hold.  Freed by the task once it waits, else by disarm. */
struct fuse_bpf_armed {
	struct list_head node;
	const char *name;		/* of the table */
	pid_t pid;			/* of a thread or of a process; 0: any */
	unsigned int skip;
	pid_t waiter;			/* 0: none has come */
	bool released;
};

static LIST_HEAD(fuse_bpf_armed_list);
/* The list and its entries; @released is read without it. */
static DEFINE_SPINLOCK(fuse_bpf_points_lock);
static unsigned int fuse_bpf_armed_count;
static DECLARE_WAIT_QUEUE_HEAD(fuse_bpf_points_wait);
static struct dentry *fuse_bpf_points_dir;

/* --- a task comes by ------------------------------------------------------------------ */

/* What holds the current task at @name, marked so; NULL: it goes on. */
static struct fuse_bpf_armed *fuse_bpf_point_held(const char *name)
{
	struct fuse_bpf_armed *a;

	lockdep_assert_held(&fuse_bpf_points_lock);
	list_for_each_entry(a, &fuse_bpf_armed_list, node) {
		if (a->waiter || strcmp(a->name, name) ||
		    (a->pid && a->pid != current->pid && a->pid != current->tgid))
			continue;
		if (a->skip) {
			a->skip--;
			return NULL;
		}
		a->waiter = current->pid;
		return a;
	}
	return NULL;
}

/* The lock is held. */
static void fuse_bpf_armed_free(struct fuse_bpf_armed *a)
{
	list_del(&a->node);
	fuse_bpf_armed_count--;
	kfree(a);
}

void fuse_bpf_point_reached(const struct fuse_bpf_point *point)
{
	struct fuse_bpf_armed *a;
	long left;

	might_sleep();
	if (likely(!READ_ONCE(fuse_bpf_armed_count)))
		return;
	spin_lock(&fuse_bpf_points_lock);
	a = fuse_bpf_point_held(point->name);
	spin_unlock(&fuse_bpf_points_lock);
	if (!a)
		return;
	left = wait_event_killable_timeout(fuse_bpf_points_wait, READ_ONCE(a->released),
					   FUSE_BPF_POINT_LIMIT);
	if (!left)
		pr_notice("point %s: thread %d was not released and goes on\n", a->name, a->waiter);
	spin_lock(&fuse_bpf_points_lock);
	fuse_bpf_armed_free(a);
	spin_unlock(&fuse_bpf_points_lock);
}

/* --- what a test writes ----------------------------------------------------------------- */

static const char *fuse_bpf_point_known(const char *name)
{
	const struct fuse_bpf_point *point;

	for (point = fuse_bpf_points_begin; point < fuse_bpf_points_end; point++)
		if (!strcmp(point->name, name))
			return point->name;
	return NULL;
}

static int fuse_bpf_point_arm(const char *name, pid_t pid, unsigned int skip)
{
	struct fuse_bpf_armed *a;
	int err = 0;

	a = kmalloc(sizeof(*a), GFP_KERNEL);
	if (!a)
		return -ENOMEM;
	*a = (struct fuse_bpf_armed) { .name = name, .pid = pid, .skip = skip };
	spin_lock(&fuse_bpf_points_lock);
	if (fuse_bpf_armed_count < FUSE_BPF_POINTS_ARMED) {
		list_add_tail(&a->node, &fuse_bpf_armed_list);
		fuse_bpf_armed_count++;
	} else {
		err = -ENOSPC;
	}
	spin_unlock(&fuse_bpf_points_lock);
	if (err)
		kfree(a);
	return err;
}

/* Those armed with @pid, or all if it is 0; of any name if that is NULL. */
static int fuse_bpf_point_release(const char *name, pid_t pid, bool disarm)
{
	struct fuse_bpf_armed *a, *next;
	int err = disarm ? 0 : -ENOENT;

	spin_lock(&fuse_bpf_points_lock);
	list_for_each_entry_safe(a, next, &fuse_bpf_armed_list, node) {
		if ((name && strcmp(a->name, name)) || (pid && a->pid != pid))
			continue;
		if (a->waiter) {
			WRITE_ONCE(a->released, true);
			err = 0;
		} else if (disarm) {
			fuse_bpf_armed_free(a);
		}
	}
	spin_unlock(&fuse_bpf_points_lock);
	wake_up_all(&fuse_bpf_points_wait);
	return err;
}

static int fuse_bpf_point_command(char *line)
{
	char verb[8], name[64];
	unsigned int skip = 0;
	const char *known;
	pid_t pid = 0;

	if (sscanf(line, "%7s %63s %d %u", verb, name, &pid, &skip) < 2)
		return -EINVAL;
	known = fuse_bpf_point_known(name);
	if (!known)
		return -ENOENT;
	if (!strcmp(verb, "arm"))
		return fuse_bpf_point_arm(known, pid, skip);
	if (!strcmp(verb, "release"))
		return fuse_bpf_point_release(known, pid, false);
	if (!strcmp(verb, "disarm"))
		return fuse_bpf_point_release(known, pid, true);
	return -EINVAL;
}

static ssize_t fuse_bpf_control_write(struct file *file, const char __user *text, size_t len,
				      loff_t *pos)
{
	char line[128];
	int err;

	if (len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, text, len))
		return -EFAULT;
	line[len] = '\0';
	err = fuse_bpf_point_command(line);
	return err ?: len;
}

/* --- what it reads ---------------------------------------------------------------------- */

static int fuse_bpf_control_show(struct seq_file *m, void *unused)
{
	const struct fuse_bpf_armed *a;

	spin_lock(&fuse_bpf_points_lock);
	list_for_each_entry(a, &fuse_bpf_armed_list, node) {
		seq_printf(m, "%s %d %u ", a->name, a->pid, a->skip);
		if (a->waiter && !a->released)
			seq_printf(m, "waiting %d\n", a->waiter);
		else
			seq_puts(m, a->waiter ? "released\n" : "armed\n");
	}
	spin_unlock(&fuse_bpf_points_lock);
	return 0;
}

static int fuse_bpf_control_open(struct inode *inode, struct file *file)
{
	return single_open(file, fuse_bpf_control_show, NULL);
}

static const struct file_operations fuse_bpf_control_fops = {
	.owner		= THIS_MODULE,
	.open		= fuse_bpf_control_open,
	.read		= seq_read,
	.write		= fuse_bpf_control_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};

static int fuse_bpf_points_show(struct seq_file *m, void *unused)
{
	const struct fuse_bpf_point *point;

	for (point = fuse_bpf_points_begin; point < fuse_bpf_points_end; point++)
		seq_printf(m, "%s\n", point->name);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(fuse_bpf_points);

int fuse_bpf_points_init(void)
{
	struct dentry *dir = debugfs_create_dir("fuse_bpf", NULL);

	if (IS_ERR(dir))
		return PTR_ERR(dir);
	debugfs_create_file("points", 0400, dir, NULL, &fuse_bpf_points_fops);
	debugfs_create_file("control", 0600, dir, NULL, &fuse_bpf_control_fops);
	fuse_bpf_points_dir = dir;
	return 0;
}

/* A task that waits is in an operation, which holds the module: none is left. */
void fuse_bpf_points_exit(void)
{
	debugfs_remove(fuse_bpf_points_dir);
	fuse_bpf_point_release(NULL, 0, true);
}
