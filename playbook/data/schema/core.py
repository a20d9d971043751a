"""The thirteen core tables: enough for the funnel, response, scoring and attribution."""

from __future__ import annotations

from playbook.data.schema.model import (
    CURRENCY,
    Table,
    count,
    day,
    enum,
    flag,
    key,
    moment,
    money,
    number,
    ref,
    text,
)

INDUSTRIES = (
    "manufacturing 制造业 制造; finance 金融 金融业; retail 零售 零售业; energy 能源 能源电力; "
    "healthcare 医疗健康 医疗; education 教育 教育培训; government 政府 政务; logistics 物流 物流行业; "
    "internet 互联网; automotive 汽车 汽车零部件; software 软件 SaaS软件; services 专业服务; other 其他"
)
REGIONS = (
    "south_china 华南; east_china 华东; north_china 华北; central_china 华中; southwest 西南; "
    "northwest 西北; northeast 东北; hmt 港澳台; southeast_asia 东南亚; europe 欧洲; "
    "north_america 北美; other 其他 海外"
)
SENIORITY = "c_level 高管 C级 总裁; vp 副总 副总裁; director 总监; manager 经理; staff 专员 员工"

ACCOUNT = Table(
    "account",
    "客户公司",
    "one company",
    (
        key("account_id", "客户ID", "", "公司ID", "客户编号"),
        text(
            "account_name",
            "客户公司",
            "company name",
            "公司名称",
            "客户名称",
            "企业名称",
            required=True,
        ),
        text("domain", "官网域名", "web domain", "域名", "官网"),
        text("credit_code", "统一社会信用代码", "best duplicate key in China", "信用代码"),
        ref("account", "上级公司", "parent_account_id", "集团", "母公司"),
        enum("industry", "行业", INDUSTRIES, "所属行业", open=True),
        enum(
            "employee_band",
            "企业规模",
            "1-49 1-49人; 50-199 50-199人; 200-999 200-999人; 1000+ 1000人以上",
            "公司规模",
            "人数规模",
            open=True,
            en="number of employees",
        ),
        enum("region", "区域", REGIONS, "大区", open=True),
        text("province", "省份", "province or country", "省"),
        enum(
            "icp_tier",
            "ICP等级",
            "A A级; B B级; C C级; none 非ICP",
            "客户等级",
            en="fit with the ideal customer profile; may be derived from the rules",
            known="export",
        ),
        flag("is_target", "目标客户", "named target account", "是否目标客户", known="export"),
        moment("created_at", "创建时间", "when it entered the CRM", "建档时间"),
    ),
    key=("account_id",),
    time="created_at",
    aliases=("accounts", "客户", "公司"),
)

PERSON = Table(
    "person",
    "联系人",
    "one contact",
    (
        key("person_id", "联系人ID", "", "联系人编号"),
        ref("account", "客户ID", "account_id", "公司ID", required=True),
        text("full_name", "姓名", "name", "联系人", "联系人姓名", pii=True),
        text("email", "邮箱", "e-mail address", "电子邮箱", "邮件", pii=True),
        text("mobile", "手机", "mobile number", "手机号", "电话", pii=True),
        text("wecom_id", "企微ID", "WeCom identity", "企业微信", pii=True),
        text("job_title", "职位", "title as written", "职务", "联系人职位"),
        enum("seniority", "职级", SENIORITY, "级别"),
        enum(
            "buying_role",
            "采购角色",
            "decision 决策人; user 使用人; purchasing 采购人; technical 技术评估人; influencer 影响人",
            "决策角色",
            known="export",
        ),
        enum(
            "consent_status",
            "授权状态",
            "granted 已授权; none 未授权 无; withdrawn 已撤回",
            "授权",
            known="export",
        ),
        moment("created_at", "创建时间", "when it entered the CRM"),
    ),
    key=("person_id",),
    time="created_at",
    aliases=("persons", "people", "contact", "contacts"),
)

LEAD = Table(
    "lead",
    "线索",
    "one capture; the same person may have several",
    (
        key("lead_id", "线索ID", "", "线索编号"),
        moment(
            "created_at",
            "留资时间",
            "when it was captured",
            "日期",
            "创建时间",
            "线索创建时间",
            required=True,
        ),
        ref("person", "联系人", "person_id", "联系人ID"),
        ref("account", "客户公司", "account_id", "客户ID", "公司ID"),
        ref("channel", "渠道来源", "channel_id", "渠道", "渠道ID", "来源渠道"),
        ref("campaign", "营销活动ID", "campaign_id", "活动计划ID", "推广计划"),
        ref("content", "内容ID", "content_id", "内容"),
        ref("event", "活动ID", "event_id", "会议ID"),
        ref("partner", "伙伴", "partner_id", "伙伴ID"),
        ref("keyword", "关键词", "keyword_id", "关键词ID"),
        enum(
            "capture_type",
            "留资方式",
            "form 表单; inquiry 咨询; download 下载; registration 报名; card 名片; qr 扫码; import 导入",
            "留资类型",
        ),
        enum(
            "need_type",
            "需求类型",
            "new_purchase 新购 新采购; replacement 替换; expansion 扩容; consulting 咨询了解; other 其他",
            "需求",
            open=True,
        ),
        count("need_clarity", "需求明确度", "0 none to 3 written requirement", high=3),
        enum(
            "budget_band",
            "预算",
            "none 无预算; under_100k 10万以下; 100k-500k 10-50万; 500k-2m 50-200万; over_2m 200万以上",
            "预算区间",
            open=True,
        ),
        enum(
            "project_stage",
            "项目阶段",
            "research 调研; planning 规划; selection 选型; tender 招标; none 未立项",
            open=True,
        ),
        text("pain_point", "痛点", "in the customer's words"),
        flag("contact_valid", "联系方式有效", "the contact can be reached", "是否有效", "有效"),
        enum("intent_level", "意向等级", "high 高意向 高; normal 普通 中; low 低意向 低", "意向"),
        flag("sql_need", "真实需求", "sales confirmed a real need", known="export"),
        flag("sql_scene", "明确场景", "sales confirmed a clear scene", known="export"),
        flag("sql_budget", "预算可能", "sales confirmed a possible budget", known="export"),
        flag("sql_will", "推进意愿", "sales confirmed willingness to advance", known="export"),
        ref("staff", "跟进销售", "owner_id", "负责人", "销售", "跟进人", known="assigned_at"),
        moment("assigned_at", "分配时间", "when it was given to its owner", known="assigned_at"),
        enum(
            "status",
            "当前状态",
            "new 新线索 新建; working 跟进中; nurture 培育 培育中; qualified 已合格 合格; "
            "invalid 无效; converted 已转商机 已转化",
            "状态",
            "线索状态",
            known="export",
        ),
        enum(
            "invalid_reason",
            "无效原因",
            "wrong_contact 联系方式错误 空号; student 学生; competitor 同行 竞品; no_need 无需求; "
            "no_budget 无预算; not_icp 非目标客户; job_seeker 求职; duplicate 重复; spam 垃圾信息; other 其他",
            open=True,
            known="export",
        ),
        ref("lead", "合并至", "merged_into_lead_id", "合并到线索", known="export"),
    ),
    key=("lead_id",),
    time="created_at",
    aliases=("leads", "线索表", "mql"),
)

STAGES = (
    "lead 线索 留资; valid 有效线索 有效; mql MQL 营销合格线索; sql SQL 销售合格线索; "
    "nurture 培育 培育池; invalid 无效; opportunity 商机; poc POC 试用; quote 报价 方案; "
    "contract 合同; won 赢单 成交; lost 输单 丢单"
)
LOST_REASONS = (
    "price 价格 价格高; competitor 竞品 选择竞品; no_budget 无预算; no_decision 未决策 搁置; "
    "product_gap 产品不满足 功能缺失; timing 时机不对; no_response 无回应; not_icp 非目标客户; "
    "no_need 无需求; other 其他"
)

STAGE_EVENT = Table(
    "stage_event",
    "阶段流转",
    "one entry into a stage; append-only",
    (
        key("stage_event_id", "流转ID", "", "记录ID"),
        ref("lead", "线索ID", "lead_id", "线索编号"),
        ref("opportunity", "商机ID", "opportunity_id", "商机编号"),
        enum("stage", "阶段", STAGES, required=True),
        moment("entered_at", "进入时间", "when the stage was entered", required=True),
        ref("staff", "负责人", "owner_id", "操作人"),
        enum("reason_code", "流失原因", LOST_REASONS, "退回原因", "流失/退回原因", open=True),
    ),
    key=("stage_event_id",),
    time="entered_at",
    one_of=("lead_id", "opportunity_id"),
    aliases=("stage_events", "stages", "阶段记录"),
)

TOUCH = Table(
    "touch",
    "触点",
    "one marketing interaction, inbound or outbound",
    (
        key("touch_id", "触点ID"),
        moment("touched_at", "触点时间", "when it happened", "行为时间", required=True),
        ref("person", "联系人ID", "person_id", "联系人"),
        ref("account", "客户ID", "account_id", "客户公司"),
        ref("lead", "线索ID", "lead_id", "线索"),
        enum(
            "touch_type",
            "行为",
            "page_view 浏览页面; pricing_view 浏览价格页 访问定价页面; form 表单提交; download 下载; "
            "webinar_reg 直播报名; webinar_join 参加直播; event_reg 活动报名; event_checkin 活动签到; "
            "ad_click 点击广告; email_sent 发送邮件; email_click 点击邮件; wecom_add 添加企微; "
            "sms_sent 发送短信; referral 转介绍; demo 演示; thank_you 感谢信; other 其他",
            "行为类型",
            required=True,
        ),
        enum("direction", "方向", "in 主动 入站; out 推送 出站"),
        ref("channel", "渠道ID", "channel_id", "渠道来源"),
        ref("campaign", "营销活动ID", "campaign_id", "活动计划ID"),
        ref("content", "内容ID", "content_id"),
        ref("event", "活动ID", "event_id"),
        ref("partner", "伙伴ID", "partner_id"),
        ref("keyword", "关键词ID", "keyword_id"),
        text("program", "培育计划", "programme and step, such as nurture_137/d3"),
    ),
    key=("touch_id",),
    time="touched_at",
    any_of=("person_id", "account_id", "lead_id"),
    aliases=("touches", "触点记录"),
)

ACTIVITY = Table(
    "activity",
    "跟进记录",
    "one action by sales or SDR",
    (
        key("activity_id", "跟进ID", "", "跟进编号", "记录编号"),
        moment("activity_at", "跟进时间", "when it happened", required=True),
        ref("staff", "跟进人", "staff_id", "销售", "跟进销售", required=True),
        ref("lead", "线索ID", "lead_id", "线索"),
        ref("opportunity", "商机ID", "opportunity_id", "商机"),
        ref("account", "客户ID", "account_id", "客户公司"),
        enum(
            "method",
            "方式",
            "call 电话; wecom 企微 企业微信 微信; email 邮件; sms 短信; visit 拜访; meeting 会议; "
            "demo 演示; material_share 发送资料",
            "跟进方式",
        ),
        enum(
            "outcome",
            "结果",
            "connected 已联系 接通 已接通; no_answer 未接通 无人接听; wrong_contact 联系方式错误 空号; "
            "refused 拒绝; meeting_booked 已约会议 约见; none 无",
            "跟进结果",
        ),
        flag("is_automatic", "自动触发", "sent by a system, not by a person"),
        ref("content", "使用材料", "content_id", "内容ID"),
        text("feedback", "客户反馈", "what the customer said"),
        text("summary", "纪要", "what was discussed", "跟进纪要"),
    ),
    key=("activity_id",),
    time="activity_at",
    any_of=("lead_id", "opportunity_id", "account_id"),
    aliases=("activities", "跟进"),
)

OPPORTUNITY = Table(
    "opportunity",
    "商机",
    "one sales opportunity",
    (
        key("opportunity_id", "商机ID", "", "商机编号"),
        ref("account", "客户", "account_id", "客户ID", "客户公司", required=True),
        moment("created_at", "创建时间", "when it was opened", "商机创建时间", required=True),
        ref("lead", "来源线索", "lead_id", "线索ID"),
        ref("partner", "伙伴", "partner_id", "伙伴ID"),
        ref("staff", "销售", "owner_id", "负责人"),
        enum(
            "deal_type",
            "类型",
            "new 新签; renewal 续约; expansion 扩容; referral 转介绍",
            "商机类型",
        ),
        text("product", "产品线", "product line", "产品"),
        money("amount", "商机金额", "expected amount; empty means not known, never 0", "预计金额"),
        CURRENCY,
        enum(
            "stage",
            "阶段",
            "opportunity 商机; poc POC 试用; quote 报价 方案; contract 合同; "
            "won 赢单 成交; lost 输单 丢单",
            "商机阶段",
            known="export",
        ),
        day("expected_close_on", "预计成交日期", "", "预计成交时间", known="export"),
        moment("closed_at", "成交时间", "when it was won or lost", "关闭时间", known="closed_at"),
        flag("is_won", "是否赢单", "", "赢单", known="closed_at"),
        money("won_amount", "成交金额", "", "赢单金额", known="closed_at"),
        enum("lost_reason", "输单原因", LOST_REASONS, "丢单原因", open=True, known="closed_at"),
        text("competitor", "竞品", "competitor met", "竞争对手", known="closed_at"),
        day("contract_end_on", "合同到期日", "renewal trigger", "合同到期", known="closed_at"),
    ),
    key=("opportunity_id",),
    time="created_at",
    aliases=("opportunities", "deal", "deals", "商机表"),
)

PAYMENT = Table(
    "payment",
    "合同与回款",
    "one contract, receipt or refund",
    (
        key("payment_id", "回款ID", "", "合同回款ID", "单据编号"),
        ref("opportunity", "商机ID", "opportunity_id", required=True),
        enum("kind", "类别", "contract 合同; receipt 回款; refund 退款", "类型", required=True),
        day("booked_on", "入账日期", "", "日期", required=True),
        money("amount", "金额", "", required=True),
        CURRENCY,
    ),
    key=("payment_id",),
    time="booked_on",
    aliases=("payments", "回款", "合同"),
)

CHANNEL = Table(
    "channel",
    "渠道",
    "one source of leads",
    (
        key("channel_id", "渠道ID", "", "渠道编号"),
        text("channel_name", "渠道名称", "", "渠道", required=True),
        enum(
            "channel_group",
            "渠道类别",
            "sem SEM 竞价; seo SEO; feed_ads 信息流; website 官网; event 活动; exhibition 展会; "
            "whitepaper 白皮书; webinar 直播 线上沙龙; private_domain 私域; email 邮件; partner 渠道 伙伴; "
            "content 内容; referral 推荐 转介绍; direct 直接访问; geo GEO AI搜索; other 其他",
            "渠道分组",
            "线索来源标签",
            required=True,
        ),
        flag("is_paid", "是否付费", "", "付费"),
        flag("is_online", "是否线上", "", "线上"),
    ),
    key=("channel_id",),
    aliases=("channels",),
)

CAMPAIGN = Table(
    "campaign",
    "活动计划",
    "one campaign",
    (
        key("campaign_id", "活动计划ID", "", "营销活动ID", "计划ID", "utm_campaign"),
        text("campaign_name", "活动计划名称", "", "计划名称", required=True),
        ref("channel", "渠道ID", "channel_id", "渠道"),
        enum(
            "objective",
            "目标",
            "brand 品牌; leads 获客 线索; enablement 赋能; seo SEO; education 教育 客户教育",
            "活动目标",
        ),
        day("start_date", "开始日期"),
        day("end_date", "结束日期"),
        ref("staff", "负责人", "owner_id"),
    ),
    key=("campaign_id",),
    time="start_date",
    aliases=("campaigns", "营销活动"),
)

SPEND = Table(
    "spend",
    "费用",
    "one cost; media that stands in ad_daily is not repeated",
    (
        key("spend_id", "费用ID", "", "费用编号"),
        day("spend_date", "费用日期", "", "日期", required=True),
        money("amount", "金额", "", "费用金额", required=True),
        CURRENCY,
        ref("channel", "渠道ID", "channel_id", "渠道"),
        ref("campaign", "活动计划ID", "campaign_id", "营销活动ID"),
        ref("event", "活动ID", "event_id"),
        ref("partner", "伙伴ID", "partner_id"),
        ref("content", "内容ID", "content_id"),
        enum(
            "cost_type",
            "费用类型",
            "media 媒体 投放; production 制作; venue 场地; travel 差旅; gift 礼品; fee 服务费; "
            "tool 工具; salary 人力 薪酬",
        ),
        text("supplier", "供应商"),
    ),
    key=("spend_id",),
    time="spend_date",
    any_of=("channel_id", "campaign_id", "event_id", "partner_id", "content_id"),
    aliases=("spends", "costs", "费用表"),
)

STAFF = Table(
    "staff",
    "人员",
    "one colleague",
    (
        key("staff_id", "人员ID", "", "员工编号", "工号"),
        text("name", "姓名", "", "员工姓名"),
        enum(
            "department",
            "部门",
            "marketing 市场部 市场; sales 销售部 销售; sdr SDR 销售开发; product 产品部 产品; "
            "presales 售前部 售前; cs 客户成功部 客户成功; finance 财务部 财务; it IT 数据/IT; "
            "management 管理层",
            required=True,
        ),
        text("team", "团队", "such as 销售A组", "小组"),
        text("role", "岗位", "", "角色"),
        enum("region", "区域", REGIONS, "大区", open=True),
        flag("is_key_talent", "关键人才", known="export"),
        day("joined_on", "入职日期"),
        day("left_on", "离职日期", known="left_on"),
    ),
    key=("staff_id",),
    time="joined_on",
    aliases=("employees", "员工"),
)

TARGET = Table(
    "target",
    "目标与预算",
    "one goal for a metric, period and scope",
    (
        text("period", "周期", "2026, 2026Q1 or 2026-01", "期间", required=True),
        text(
            "metric_id",
            "指标",
            "revenue, pipeline, mql, budget or a metric's id",
            "指标ID",
            required=True,
        ),
        enum(
            "scope_type",
            "范围类型",
            "company 公司; team 团队; channel 渠道; campaign 活动计划; person 个人",
            required=True,
        ),
        text("scope_id", "范围ID", "empty for the company"),
        number("value", "目标值", "", "数值", low=None, required=True),
        text("unit", "单位"),
        enum("horizon", "期限", "short 短期; mid 中期; long 长期"),
    ),
    key=("period", "metric_id", "scope_type", "scope_id"),
    aliases=("targets", "目标", "预算"),
)

CORE: tuple[Table, ...] = (
    ACCOUNT,
    PERSON,
    LEAD,
    STAGE_EVENT,
    TOUCH,
    ACTIVITY,
    OPPORTUNITY,
    PAYMENT,
    CHANNEL,
    CAMPAIGN,
    SPEND,
    STAFF,
    TARGET,
)
