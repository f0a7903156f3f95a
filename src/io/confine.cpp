#include "io/confine.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

namespace renvoi::io {
namespace {

constexpr rlim_t kMaxOpenFiles = 64;

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t kArchitecture = 0;
#endif

// Sockets, processes, and what reaches into the kernel or other processes. An architecture may lack the older ones.
constexpr std::array kRefused{
    __NR_socket,
    __NR_socketpair,
    __NR_connect,
    __NR_bind,
    __NR_listen,
    __NR_accept,
    __NR_accept4,
    __NR_sendto,
    __NR_sendmsg,
    __NR_clone,
#ifdef __NR_fork
    __NR_fork,
    __NR_vfork,
#endif
#ifdef __NR_clone3
    __NR_clone3,
#endif
#ifdef __NR_io_uring_setup
    __NR_io_uring_setup,
    __NR_io_uring_enter,
    __NR_io_uring_register,
#endif
    __NR_ptrace,
    __NR_process_vm_readv,
    __NR_process_vm_writev,
    __NR_kill,
    __NR_tkill,
    __NR_mount,
    __NR_umount2,
    __NR_pivot_root,
    __NR_chroot,
    __NR_unshare,
    __NR_setns,
    __NR_keyctl,
    __NR_add_key,
    __NR_request_key,
    __NR_bpf,
    __NR_perf_event_open,
    __NR_userfaultfd,
    __NR_open_by_handle_at,
    __NR_init_module,
    __NR_finit_module,
    __NR_delete_module,
    __NR_kexec_load,
    __NR_reboot,
    __NR_swapon,
    __NR_swapoff,
    __NR_quotactl,
    __NR_acct,
    __NR_sethostname,
    __NR_settimeofday,
    __NR_clock_settime,
    __NR_unlinkat,
    __NR_renameat,
    __NR_linkat,
    __NR_symlinkat,
    __NR_mkdirat,
    __NR_fchmodat,
    __NR_fchownat,
    __NR_truncate,
#ifdef __NR_unlink
    __NR_unlink,
    __NR_rename,
    __NR_link,
    __NR_symlink,
    __NR_mkdir,
    __NR_rmdir,
    __NR_chmod,
    __NR_chown,
    __NR_lchown,
    __NR_mknod,
#endif
};

constexpr std::uint32_t kRefuse = SECCOMP_RET_ERRNO | (EPERM & SECCOMP_RET_DATA);

// A filter of one comparison for each refused call (seccomp(2)). Another architecture's numbers mean other calls: they
// kill. On x86-64 numbers from 2^30 on are those of x32.
bool filter_syscalls() {
  if (kArchitecture == 0) return false;
  constexpr std::size_t kFirst = 5, kLength = kFirst + kRefused.size() + 2;
  std::array<sock_filter, kLength> program{};
  program[0] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch));
  program[1] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0);
  program[2] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  program[3] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr));
  program[4] = BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, static_cast<std::uint8_t>(kRefused.size() + 1), 0);
  for (std::size_t i = 0; i < kRefused.size(); ++i)
    program[kFirst + i] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(kRefused[i]),
                                   static_cast<std::uint8_t>(kRefused.size() - i), 0);
  program[kLength - 2] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  program[kLength - 1] = BPF_STMT(BPF_RET | BPF_K, kRefuse);
  const sock_fprog whole{static_cast<unsigned short>(program.size()), program.data()};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole) == 0;
}

bool limit(__rlimit_resource what, rlim_t value) {
  rlimit now{};
  if (getrlimit(what, &now) != 0) return false;
  if (now.rlim_max != RLIM_INFINITY && now.rlim_max < value) value = now.rlim_max;
  const rlimit wanted{value, value};
  return setrlimit(what, &wanted) == 0;
}

void allow(int ruleset, const char* path) {
  const Descriptor folder(open(path, O_PATH | O_CLOEXEC));
  if (!folder.open()) return;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
  rule.parent_fd = folder.get();
  syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

}  // namespace

Descriptor landlock_ruleset() {
  landlock_ruleset_attr handled{};
  // Those of the first version, which every kernel with Landlock has.
  handled.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
  Descriptor ruleset(static_cast<int>(syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0)));
  if (!ruleset.open()) return {};
  for (const char* path : {"/usr", "/lib", "/lib64"}) allow(ruleset.get(), path);
  return ruleset;
}

bool limit_resources(const ChildLimits& limits) {
  return limit(RLIMIT_CPU, limits.cpu_s) && limit(RLIMIT_AS, limits.memory_bytes) && limit(RLIMIT_FSIZE, 0) &&
         limit(RLIMIT_CORE, 0) && limit(RLIMIT_NOFILE, kMaxOpenFiles) && limit(RLIMIT_NPROC, 0);
}

Confinement confine(const Descriptor& ruleset) {
  Confinement done;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return done;
  // A user namespace is what lets a plain user have the others.
  done.no_network = unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC) == 0 || unshare(CLONE_NEWNET) == 0;
  if (ruleset.open()) done.few_files = syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0;
  done.few_syscalls = filter_syscalls();
  return done;
}

}  // namespace renvoi::io
