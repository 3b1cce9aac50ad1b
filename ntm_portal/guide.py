"""The help page's text: for each role, what it does and how, step by step."""

from dataclasses import dataclass

from communes.permissions import Role


@dataclass(frozen=True)
class Guide:
    """One role's part of the help page. steps: sentences in the order of the work."""

    role: Role
    steps: tuple[str, ...]

    @property
    def anchor(self) -> str:
        return self.role.value.replace("_", "-")


HELP: dict[Role, Guide] = {
    guide.role: guide
    for guide in (
        Guide(
            Role.COMMUNE_OFFICER,
            (
                "Ở trang Việc cần làm, mở hồ sơ của xã. Mỗi tiêu chí cho biết còn thiếu gì.",
                "Mở từng tiêu chí, nhập kết quả của các chỉ tiêu và tự đánh giá. Nội dung tự lưu, không cần bấm nút; "
                "mất mạng vẫn nhập được ở trang đã mở, có mạng lại thì tự gửi.",
                "Số liệu và văn bản năm trước hiện bên cạnh: còn đúng thì bấm Dùng lại. "
                "Cũng có thể tải hồ sơ về dạng bảng tính Excel, nhập rồi tải lên và xem trước khi lưu.",
                "Tải minh chứng lên: tệp PDF, Word, Excel hoặc ảnh; trên điện thoại có thể chụp ngay. "
                "Ghi số, ngày, cơ quan ban hành và trích yếu của văn bản.",
                "Khi đã đủ, mở Tự chấm thử để xem khoảng cách đến ngưỡng, rồi Kiểm tra và nộp trước hạn.",
                "Chỉ tiêu bị trả lại hiện ở Việc cần làm kèm câu hỏi và hạn. "
                "Trả lời từng câu; trả lời hết thì hồ sơ được nộp lại.",
                "Khi có dự thảo kết luận, xem và giải trình trước hạn nếu có ý kiến khác.",
                "Ở mục Kiến nghị, báo tiến độ thực hiện các kiến nghị giao cho xã, kèm minh chứng.",
            ),
        ),
        Guide(
            Role.COMMUNE_LEADER,
            (
                "Ở trang Việc cần làm, xem tiến độ các hồ sơ của xã.",
                "Mở hồ sơ để đọc kết quả tự đánh giá và minh chứng trước khi công chức nộp.",
            ),
        ),
        Guide(
            Role.AGENCY_REVIEWER,
            (
                "Ở trang Việc cần làm, mở các chỉ tiêu được giao đang chờ ý kiến.",
                "Đọc kết quả, xem minh chứng, cho ý kiến đạt hay chưa đạt kèm lý do.",
                "Ý kiến được Đoàn kiểm tra dùng khi kết luận; xã chỉ thấy từ khi có dự thảo kết luận.",
                "Hằng tháng, mở Báo cáo tháng: số liệu đã điền sẵn, ghi nhận xét rồi bấm Nộp báo cáo trước hạn.",
                "Ở mục Kiến nghị, báo tiến độ thực hiện các kiến nghị giao cho cơ quan.",
            ),
        ),
        Guide(
            Role.INSPECTOR,
            (
                "Ở trang Việc cần làm hoặc Hàng chờ, mở hồ sơ đã nộp.",
                "Xem từng tiêu chí: kết quả của xã, ý kiến cơ quan phụ trách và minh chứng nằm cạnh nhau.",
                "Kết luận từng tiêu chí, có phím tắt. Kết luận khác với ngưỡng đã xác nhận phải ghi lý do.",
                "Nội dung chưa rõ thì trả lại từng chỉ tiêu, chọn lý do, đặt câu hỏi và hạn trả lời.",
                "Khi kiểm tra tại xã, mở trang Kiểm tra tại chỗ trên điện thoại hoặc in phiếu mã QR để chụp ảnh vào "
                "đúng chỉ tiêu; ghi chép của buổi kiểm tra vào thẳng biên bản.",
            ),
        ),
        Guide(
            Role.TEAM_HEAD,
            (
                "Xem ma trận của đợt để biết đơn vị nào đã kết luận đủ.",
                "Công bố dự thảo kết luận cho xã, xem giải trình rồi phê duyệt.",
                "Người đã kết luận một nội dung không một mình phê duyệt nội dung đó.",
                "Phê duyệt thông báo do Văn phòng Điều phối soạn. Mở lại hồ sơ đã kết luận phải ghi lý do.",
            ),
        ),
        Guide(
            Role.COORDINATOR,
            (
                "Lập đợt kiểm tra: thời gian, kế hoạch, Đoàn, đơn vị, bộ tiêu chí, hạn nộp; rồi mở đợt.",
                "Lập tài khoản cho công chức xã và thành viên Đoàn ở mục Người dùng; giao mật khẩu ban đầu tận tay.",
                "Theo dõi đơn vị nộp muộn ở trang đợt kiểm tra.",
                "Soạn thông báo: số liệu trong câu chữ lấy thẳng từ kết luận, không gõ tay.",
                "Sau khi Trưởng đoàn phê duyệt, cho số, ngày và ban hành. Thông báo đã ban hành không sửa được nữa.",
                "Ở mục Kiến nghị, đặt thời hạn, xem tiến độ, kết thúc hoặc chuyển đợt sau từng kiến nghị.",
                "Ở mục Báo cáo tháng, quy định hạn nộp, xem phòng, ban nào muộn và nhắc.",
            ),
        ),
        Guide(
            Role.VIEWER,
            (
                "Ở mục Đợt kiểm tra, mở một đợt để xem ma trận đơn vị và tiêu chí.",
                "Bấm vào một ô để xem kết luận và minh chứng phía sau.",
            ),
        ),
        Guide(
            Role.ADMINISTRATOR,
            (
                "Lập, khóa, mở lại, bàn giao tài khoản ở mục Người dùng; mỗi việc được ghi vào nhật ký.",
                "Sửa danh mục cơ quan, phòng, ban, xã, thôn, bản ở trang Quản trị.",
                "Xác nhận ngưỡng của chỉ tiêu khi đã đối chiếu với văn bản gốc.",
                "Không sửa được kết luận, thông báo đã ban hành và nhật ký.",
            ),
        ),
    )
}
